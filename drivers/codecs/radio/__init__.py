"""What BLE says: advertisements, rotating identifiers, gateways."""
