"""What the devices that train are, and the most they can do."""

import torch

# Dense bfloat16 FLOPs a second, by what stands in the device's name; from the makers' data sheets. The first that fits.
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
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def peak_flops(name: str) -> float | None:
    """Of one device, or None for a CPU and for a device that is not in the table."""
    return next((peak for part, peak in PEAKS if part in name), None)
