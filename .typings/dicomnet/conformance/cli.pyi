from conformance.cli import *
