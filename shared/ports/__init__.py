"""What the steps need from the world, in our words. One contract suite per port, run on every backend."""
