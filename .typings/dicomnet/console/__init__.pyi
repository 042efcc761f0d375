from console import *
