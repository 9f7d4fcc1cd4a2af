//! The client against repositories, disks, networks and clocks that do what real ones do at their worst.
#![allow(
    clippy::print_stdout,
    reason = "figures that a reader of the test's output wants"
)]

mod carry;
mod cost;
mod crash;
mod disk;
mod docs;
mod faults;
mod http;
mod lifecycle;
mod lkg;
mod revert;
mod time;
mod trouble;
mod world;
