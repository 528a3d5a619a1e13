//! Ring 2: no byte and no word changes unseen.
