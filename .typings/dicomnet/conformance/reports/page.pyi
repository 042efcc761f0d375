from conformance.reports.page import *
