"""From what scanners hear of customers' own devices to zones and stays. Nothing here is about anybody else."""
