from conformance.reports.fields import *
