"""One file for each thing a person does on a tablet; each hands its template one frozen dataclass."""
