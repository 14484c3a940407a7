//! Ways by which a right might come back, one by one.
