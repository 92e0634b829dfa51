"""What is measured on pools, arms and finetuned models."""
