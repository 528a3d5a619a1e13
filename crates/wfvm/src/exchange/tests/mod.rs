//! Volumes that were made, and volumes that were made bad.
