const listener = Deno.listen({ hostname: '0.0.0.0', port: 0 });
console.log(listener.addr.port);
(async () => {
  for await (const _ of Deno.stdin.readable); // until the other process has ended
  Deno.exit();
})();
for await (const connection of listener) connection.close();
