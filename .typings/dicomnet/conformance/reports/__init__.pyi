from conformance.reports import *
