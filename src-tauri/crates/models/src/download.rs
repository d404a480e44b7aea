//! One file from the hub.
