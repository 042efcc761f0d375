from transports import *
