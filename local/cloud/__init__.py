"""The cloud backend on one machine: Google's emulators, and the functions as they are deployed."""
