from conformance.commands.tls_options import *
