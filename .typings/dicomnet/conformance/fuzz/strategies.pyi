from conformance.fuzz.strategies import *
