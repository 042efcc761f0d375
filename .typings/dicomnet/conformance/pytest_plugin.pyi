from conformance.pytest_plugin import *
