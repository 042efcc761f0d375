from conformance.mutate import *
