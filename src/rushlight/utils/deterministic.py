"""Settings of deterministic algorithms (`torch.utils.deterministic`)."""

#: PyTorch's setting whether new memory is filled where algorithms shall be deterministic; it changes nothing here.
fill_uninitialized_memory = True
