%% Round trips of one pair while others keep every core busy.
-module(bench_tails).
-export([names/0, run/1]).

-define(LOOPS, 4).
-define(PAIRS, 100).

names() -> [fair_p50, fair_p99, 'fair_p99.9', overload_p50, 'overload_p99.9'].

run(fair_p50) -> bench:percentile(beside_loops(), 500);
run(fair_p99) -> bench:percentile(beside_loops(), 990);
run('fair_p99.9') -> bench:percentile(beside_loops(), 999);
run(overload_p50) -> bench:percentile(beside_pairs(), 500);
run('overload_p99.9') -> bench:percentile(beside_pairs(), 999).

beside_loops() ->
    beside([spawn(fun() -> spin(0) end) || _ <- lists:seq(1, ?LOOPS)], 20000).

beside_pairs() ->
    Echoes = [spawn(fun echo/0) || _ <- lists:seq(1, ?PAIRS)],
    Pings = [spawn(fun() -> ping(Echo) end) || Echo <- Echoes],
    beside(Pings ++ Echoes, 2000).

beside(Others, Trips) ->
    Echo = spawn(fun echo/0),
    Times = [trip(Echo) || _ <- lists:seq(1, Trips)],
    [exit(Pid, kill) || Pid <- [Echo | Others]],
    Times.

trip(Echo) ->
    Start = erlang:monotonic_time(nanosecond),
    Echo ! {self(), <<1, 2, 3, 4>>},
    bench:await(1),
    erlang:monotonic_time(nanosecond) - Start.

echo() ->
    receive {From, Payload} -> From ! Payload, echo() end.

ping(Echo) ->
    Echo ! {self(), <<1, 2, 3, 4>>},
    bench:await(1),
    ping(Echo).

spin(N) -> spin((N * 1103515245 + 1) band 16#7fffffff).
