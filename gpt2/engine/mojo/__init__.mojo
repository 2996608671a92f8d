from .few_rows import *
