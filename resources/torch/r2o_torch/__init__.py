"""R2O's pretraining in PyTorch: the same steps as R2O Studio's own engine. See ../README.md."""
