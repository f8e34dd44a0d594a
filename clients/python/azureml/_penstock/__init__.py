"""How the names of ``azureml.core`` work inside a Penstock step. Not for scripts to import."""
