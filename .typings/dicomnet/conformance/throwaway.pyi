from conformance.throwaway import *
