//! Windows virtual machines.
