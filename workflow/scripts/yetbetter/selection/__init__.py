"""What an arm trains on."""
