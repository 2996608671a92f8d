from .attention import *
from .linear import *
