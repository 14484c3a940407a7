//! The network: ports inside the plan and outside it, and sockets of other kinds.

use super::calls::made;
use super::{World, tell};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};

pub(super) fn attempt(world: &World) {
    let at = |port| (Ipv4Addr::LOCALHOST, port);
    tell(
        "connect to an open port",
        TcpStream::connect(at(world.open_port)),
    );
    tell(
        "connect to a closed port",
        TcpStream::connect(at(world.closed_port)),
    );
    tell(
        "bind a port of the kernel's choice",
        TcpListener::bind(at(0)),
    );
    tell(
        "bind a closed port",
        TcpListener::bind(at(world.closed_port)),
    );
    tell("look a name up", ("localhost", 1).to_socket_addrs());
    tell("a datagram socket", UdpSocket::bind(at(0)));
    tell("a pair of sockets", UnixStream::pair());
    tell("a socket of the machine", UnixDatagram::unbound());
    tell(
        "meet another process at an abstract socket",
        abstract_socket(world.open_port),
    );
    let socket = |family: i32, kind: i32| {
        let of = |number: i32| usize::try_from(number).expect("it is positive");
        made(libc::SYS_socket, [of(family), of(kind), 0, 0, 0])
    };
    tell("a raw socket", socket(libc::AF_INET, libc::SOCK_RAW));
    tell("a packet socket", socket(libc::AF_PACKET, libc::SOCK_RAW));
    tell(
        "a crypto socket",
        socket(libc::AF_ALG, libc::SOCK_SEQPACKET),
    );
    tell(
        "a socket of the hypervisor",
        socket(libc::AF_VSOCK, libc::SOCK_STREAM),
    );
    // With an address of length 0, so that nothing is sent where it is not refused.
    let flags = usize::try_from(libc::MSG_FASTOPEN).expect("it is positive");
    tell(
        "connect by sending",
        made(libc::SYS_sendto, [usize::MAX, 0, 0, flags, 0]),
    );
}

/// The test listens at a socket that is named by the port.
fn abstract_socket(port: u16) -> io::Result<UnixStream> {
    let address = SocketAddr::from_abstract_name(format!("rusm-wall-{port}"))?;
    UnixStream::connect_addr(&address)
}
