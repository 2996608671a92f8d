"""From the name of a device to the device."""

import re

from max.driver import CPU, Accelerator, Device, accelerator_count

from gpt2.errors import UserError, shortened


def choose_device(name: str) -> Device:
    """The device of a name: `auto` (an accelerator if there is one), `cpu`, `gpu` or `gpu:N`.

    Raises:
        UserError: the name is none of these, or there is no such accelerator.
    """
    count = accelerator_count()
    if name == "cpu" or (name == "auto" and count == 0):
        return CPU()
    match = re.fullmatch(r"auto|gpu(?::([0-9]{1,4}))?", name)
    if match is None:
        raise UserError(f"unknown device {shortened(repr(name))}: write auto, cpu, gpu or gpu:N")
    index = int(match[1] or 0)
    if index >= count:
        raise UserError(f"no device {name!r}: MAX finds {count} accelerators here; --device cpu")
    return Accelerator(index)
