from .attention import *
from .linear import *
from .q4_0 import *
