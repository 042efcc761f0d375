from conformance import *
