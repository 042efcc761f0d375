from conformance.fuzz import *
