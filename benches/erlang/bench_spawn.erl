%% Processes that come and go, and what one costs that waits.
-module(bench_spawn).
-export([names/0, run/1]).

-define(SPAWNS, 300000).
-define(BATCH, 1000).
-define(ONE_BY_ONE, 20000).
-define(IDLE, 100000).

names() ->
    [spawn_exit, spawn_monitor, 'spawn_to_down_p50', 'spawn_to_down_p99', 'spawn_to_down_p99.9', idle_process].

run(spawn_exit) ->
    two_spawners(fun() ->
        Parent = self(),
        repeat(?BATCH, fun() -> spawn(fun() -> Parent ! done end) end)
    end);
run(spawn_monitor) ->
    two_spawners(fun() -> repeat(?BATCH, fun() -> spawn_monitor(fun() -> ok end) end) end);
run('spawn_to_down_p50') -> bench:percentile(one_by_one(), 500);
run('spawn_to_down_p99') -> bench:percentile(one_by_one(), 990);
run('spawn_to_down_p99.9') -> bench:percentile(one_by_one(), 999);
run(idle_process) ->
    Before = erlang:memory(total),
    Pids = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, ?IDLE)],
    Bytes = erlang:memory(total) - Before,
    [Pid ! stop || Pid <- Pids],
    {?IDLE, 0, Bytes}.

%% Two spawners, each waiting for batches of its children.
two_spawners(Batch) ->
    Self = self(),
    bench:timed(?SPAWNS, fun() ->
        Spawner = fun() ->
            repeat(?SPAWNS div 2 div ?BATCH, fun() -> Batch(), bench:await(?BATCH) end),
            Self ! done
        end,
        spawn(Spawner),
        spawn(Spawner),
        bench:await(2)
    end).

one_by_one() ->
    [one() || _ <- lists:seq(1, ?ONE_BY_ONE)].

one() ->
    Start = erlang:monotonic_time(nanosecond),
    spawn_monitor(fun() -> ok end),
    bench:await(1),
    erlang:monotonic_time(nanosecond) - Start.

repeat(0, _) -> ok;
repeat(N, Work) -> Work(), repeat(N - 1, Work).
