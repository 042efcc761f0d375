from conformance.exploration import *
