"""From the name of a device to the device."""

from max.driver import CPU, Accelerator, Device, accelerator_count

from gpt2.errors import UserError


def choose_device(name: str) -> Device:
    """The device of a name: `auto` (an accelerator if there is one), `cpu`, `gpu` or `gpu:N`.

    Raises:
        UserError: the name is none of these, or there is no such accelerator.
    """
    count = accelerator_count()
    if name == "cpu" or (name == "auto" and count == 0):
        return CPU()
    kind, _, number = name.partition(":")
    if kind not in ("auto", "gpu") or (number and not number.isdecimal()):
        raise UserError(f"unknown device {name!r}: write auto, cpu, gpu or gpu:N")
    index = int(number or 0)
    if index >= count:
        raise UserError(f"no device {name!r}: MAX finds {count} accelerators here; --device cpu")
    return Accelerator(index)
