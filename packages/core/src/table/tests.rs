use super::*;
use std::os::unix::net::UnixStream;

fn end() -> OwnedFd {
    let (one, _) = UnixStream::pair().expect("socketpair");
    one.into()
}

#[test]
fn a_closed_handle_is_refused_even_when_its_slot_is_taken_again() {
    let first = insert(end(), 1).expect("insert");
    close(first).expect("close");
    assert_eq!(close(first), Err(sys::EBADF));
    let second = insert(end(), 1).expect("insert");
    assert_eq!(acquire(first).err(), Some(sys::EBADF));
    assert!(acquire(second).is_ok());
    close(second).expect("close");
}

#[test]
fn a_descriptor_stays_open_while_a_call_uses_it() {
    let handle = insert(end(), 2).expect("insert");
    let in_use = acquire(handle).expect("acquire");
    close(handle).expect("close");
    assert_eq!(acquire(handle).err(), Some(sys::EBADF));
    assert!(sys::identity(in_use.fd()).is_ok(), "still open");
    let fd = in_use.fd();
    assert!(owns(fd));
    drop(in_use);
    assert!(!owns(fd));
}

#[test]
fn a_number_that_somebody_else_reused_is_left_to_them() {
    let handle = insert(end(), 3).expect("insert");
    let fd = acquire(handle).expect("acquire").fd();
    let other = end();
    sys::replace_for_test(&other, fd);
    assert!(!owns(fd));
    assert_eq!(close(handle), Err(sys::EBADF));
    assert!(
        sys::identity(fd).is_ok(),
        "the other one's descriptor is still open"
    );
    sys::close(fd).expect("close");
}

#[test]
fn a_number_that_another_slot_has_is_left_to_it_though_the_open_file_is_the_same() {
    let pair = end();
    let handle = insert(sys::dup(pair.as_raw_fd()).expect("dup"), 7).expect("insert");
    let fd = acquire(handle).expect("acquire").fd();
    // Closed behind the table's back, and given anew at once.
    sys::replace_for_test(&pair, fd);
    let other = insert(sys::adopt(fd).expect("adopt"), 7).expect("insert");
    assert_eq!(detach(handle), Err(sys::EBADF));
    assert_eq!(give(handle), Err(sys::EBADF));
    assert_eq!(close(handle), Err(sys::EBADF));
    assert!(acquire_own(other).is_ok(), "still open, and its own");
    assert!(owns(fd));
    close(other).expect("close");
}

#[test]
fn detach_hands_the_descriptor_over_open() {
    let handle = insert(end(), 4).expect("insert");
    let fd = detach(handle).expect("detach");
    assert_eq!(close(handle), Err(sys::EBADF));
    assert!(!owns(fd));
    sys::close(fd).expect("it was open");
}

#[test]
fn what_is_counted_is_summed_up_when_it_is_closed_and_begins_anew() {
    let handle = insert(end(), 40).expect("insert");
    let in_use = acquire(handle).expect("acquire");
    in_use.received(5, 0);
    in_use.received(7, sys::NOT_TAKEN);
    in_use.sent(3);
    in_use.sent(0);
    in_use.sent_many(10, 2);
    assert_eq!(in_use.counts(), [5, 1, 13, 3]);
    drop(in_use);
    close(handle).expect("close");
    // Other tests of this process count nothing.
    assert_eq!(totals().0, [5, 1, 13, 3]);
    let next = insert(end(), 40).expect("insert");
    assert_eq!(acquire(next).expect("acquire").counts(), [0; 4]);
    let mut from = 0;
    let mut found = Vec::new();
    while let Some((handle, age, own)) = next_open(from, 40) {
        from = handle.slot + 1;
        assert!(age >= 0.0);
        if own {
            found.push(handle);
        }
    }
    assert_eq!(found, [next]);
    close(next).expect("close");
}

#[test]
fn an_environment_that_ends_takes_only_its_own_with_it() {
    let mine = insert(end(), 50).expect("insert");
    let theirs = insert(end(), 51).expect("insert");
    close_all_of(50);
    assert_eq!(acquire(mine).err(), Some(sys::EBADF));
    assert!(acquire(theirs).is_ok());
    close(theirs).expect("close");
}

#[test]
fn eight_threads_that_use_and_close_at_once_close_each_descriptor_once() {
    for _ in 0..200 {
        let handle = insert(end(), 6).expect("insert");
        let closed = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(move || {
                        let in_use = acquire(handle);
                        let closed = close(handle).is_ok();
                        drop(in_use);
                        closed
                    })
                })
                .collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .filter(|&closed| closed)
                .count()
        });
        assert_eq!(closed, 1);
    }
}

#[test]
fn what_was_given_is_dead_for_the_giver_and_taken_once() {
    let old = insert(end(), 60).expect("insert");
    let fd = acquire(old).expect("acquire").fd();
    assert_eq!(take(old, 61), Err(sys::EBADF), "nobody gave it");
    let ticket = give(old).expect("give");
    assert_eq!(acquire(old).err(), Some(sys::EBADF));
    assert_eq!(close(old), Err(sys::EBADF));
    assert_eq!(detach(old), Err(sys::EBADF));
    assert_eq!(give(old), Err(sys::EBADF));
    assert_eq!(acquire(ticket).err(), Some(sys::EBADF), "a ticket is no handle");
    assert_eq!(give(ticket), Err(sys::EBADF));
    assert!(owns(fd));
    let new = take(ticket, 61).expect("take");
    assert_eq!(take(ticket, 62), Err(sys::EBADF), "taken");
    assert_eq!(take(new, 62), Err(sys::EBADF), "nobody gave it");
    assert_eq!(acquire(new).expect("acquire").fd(), fd);
    close_all_of(60);
    assert!(acquire(new).is_ok(), "no longer the giver's");
    close_all_of(61);
    assert_eq!(acquire(new).err(), Some(sys::EBADF), "the taker's");
    assert!(!owns(fd));
}

#[test]
fn what_was_given_and_not_taken_ends_with_the_giver() {
    let ticket = give(insert(end(), 63).expect("insert")).expect("give");
    let fd = slot(ticket.slot).expect("slot").fd.load(Ordering::Relaxed);
    close_all_of(63);
    assert_eq!(take(ticket, 64), Err(sys::EBADF));
    assert!(!owns(fd));
}

#[test]
fn a_call_under_way_outlives_the_hand_over() {
    let old = insert(end(), 65).expect("insert");
    let in_use = acquire(old).expect("acquire");
    let new = take(give(old).expect("give"), 66).expect("take");
    close(new).expect("close");
    assert!(sys::identity(in_use.fd()).is_ok(), "still open");
    let fd = in_use.fd();
    drop(in_use);
    assert!(!owns(fd));
}

#[test]
fn a_ticket_whose_number_somebody_else_reused_is_refused() {
    let handle = insert(end(), 67).expect("insert");
    let fd = acquire(handle).expect("acquire").fd();
    let ticket = give(handle).expect("give");
    let other = end();
    sys::replace_for_test(&other, fd);
    assert_eq!(take(ticket, 68), Err(sys::EBADF));
    close_all_of(67);
    assert!(
        sys::identity(fd).is_ok(),
        "the other one's descriptor is still open"
    );
    sys::close(fd).expect("close");
}

#[test]
fn of_eight_threads_that_take_at_once_one_has_it() {
    for _ in 0..200 {
        let ticket = give(insert(end(), 710).expect("insert")).expect("give");
        let taken: Vec<Handle> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|owner| scope.spawn(move || take(ticket, 720 + owner)))
                .collect();
            threads
                .into_iter()
                .filter_map(|thread| thread.join().ok()?.ok())
                .collect()
        });
        assert_eq!(taken.len(), 1);
        close(taken[0]).expect("close");
    }
}

#[test]
fn a_giver_that_ends_while_others_take_closes_what_is_still_its_own_and_nothing_else() {
    for _ in 0..500 {
        let ticket = give(insert(end(), 730).expect("insert")).expect("give");
        let fd = slot(ticket.slot).expect("slot").fd.load(Ordering::Relaxed);
        let taken = std::thread::scope(|scope| {
            scope.spawn(|| close_all_of(730));
            let taker = scope.spawn(|| take(ticket, 731));
            taker.join().expect("join")
        });
        match taken {
            Ok(handle) => {
                assert_eq!(acquire(handle).expect("the taker's").fd(), fd);
                close(handle).expect("close");
            }
            Err(errno) => assert_eq!(errno, sys::EBADF),
        }
    }
}

#[test]
fn an_environment_that_ends_spares_a_slot_that_changes_hands_meanwhile() {
    use std::sync::atomic::AtomicBool;
    let stop = AtomicBool::new(false);
    let mut lost = 0u64;
    let mut opened = 0u64;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                close_all_of(700);
            }
        });
        let begin = std::time::Instant::now();
        while begin.elapsed() < std::time::Duration::from_secs(3) && lost == 0 {
            // The slot's last owner was 700, which closed it itself; then 701 takes it.
            let old = insert(end(), 700).expect("insert");
            let _ = close(old);
            let mine = insert(end(), 701).expect("insert");
            opened += 1;
            if close(mine).is_err() {
                lost += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(
        lost, 0,
        "after {opened} sockets of 701, one was closed by the end of 700"
    );
}
