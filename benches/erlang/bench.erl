%% Runs what it is asked for: one line in, the name of the work; one line out, `OPERATIONS NANOSECONDS BYTES`.
-module(bench).
-export([start/0, timed/2, percentile/2, await/1]).

start() ->
    spawn(fun loop/0).

loop() ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            Name = list_to_atom(string:trim(Line)),
            {Operations, Nanoseconds, Bytes} = in_fresh_process(Name),
            io:format("~b ~b ~b~n", [Operations, Nanoseconds, Bytes]),
            loop()
    end.

%% A run starts with an empty heap and an empty mailbox, and leaves neither behind.
in_fresh_process(Name) ->
    Self = self(),
    Ref = make_ref(),
    {Pid, Monitor} = spawn_monitor(fun() -> Self ! {Ref, run(Name)} end),
    receive
        {Ref, Answer} ->
            receive {'DOWN', Monitor, process, Pid, _} -> Answer end;
        {'DOWN', Monitor, process, Pid, Reason} ->
            io:format("~p failed: ~p~n", [Name, Reason]),
            halt(1)
    end.

run(Name) ->
    Modules = [bench_spawn, bench_messages, bench_tails, bench_restarts],
    [Module | _] = [M || M <- Modules, lists:member(Name, M:names())],
    Module:run(Name).

%% So many operations, which took so long.
timed(Operations, Work) ->
    Start = erlang:monotonic_time(nanosecond),
    Work(),
    {Operations, erlang:monotonic_time(nanosecond) - Start, 0}.

%% In thousandths.
percentile(Times, Thousandths) ->
    Sorted = lists:sort(Times),
    {1, lists:nth(length(Sorted) * Thousandths div 1000 + 1, Sorted), 0}.

%% So many messages, whatever they are.
await(0) -> ok;
await(N) -> receive _ -> await(N - 1) end.
