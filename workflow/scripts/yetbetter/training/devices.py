"""The devices that train: their names and peak FLOPs."""

import torch

# Dense bfloat16 FLOPs a second by a part of the device's name, from the makers' data sheets. The first match counts.
PEAKS = (
    ("B200", 2250e12),
    ("H200", 989e12),
    ("H100 PCIe", 756e12),
    ("H100", 989e12),
    ("L40S", 362e12),
    ("A100", 312e12),
    ("A10", 125e12),
    ("L4", 121e12),
    ("RTX 4090", 165e12),
    ("RTX 3090", 71e12),
)


def device_name() -> str:
    """The first GPU's name, or "cpu"."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def peak_flops(name: str) -> float | None:
    """Peak FLOPs a second of one device; None for a CPU, and for a device that is not in the table."""
    return next((peak for part, peak in PEAKS if part in name), None)
