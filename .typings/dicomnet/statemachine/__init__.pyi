from statemachine import *
