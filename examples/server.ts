/**
 * An HTTP server that answers with its name: `node server.js NAME PORT`. Prints a line when it
 * listens.
 */
import { createServer } from 'node:http';

const [name = '', port = ''] = process.argv.slice(2);
createServer((_request, response) => {
  response.end(name);
}).listen(Number(port), '0.0.0.0', () => console.log('listening'));
