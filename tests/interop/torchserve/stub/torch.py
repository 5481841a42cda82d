"""Stands in for PyTorch, which TorchServe's worker imports for this one class: our models have no tensors of PyTorch."""


class Tensor:
    pass
