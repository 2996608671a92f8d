from .block import *
