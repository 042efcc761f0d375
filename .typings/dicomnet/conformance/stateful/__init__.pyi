from conformance.stateful import *
