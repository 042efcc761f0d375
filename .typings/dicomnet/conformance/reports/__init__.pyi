from conformance.commands import *
