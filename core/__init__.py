"""Every rule of Vratar: pure functions over plain data, standard library only."""
