// The programs of examples/ that pass metrics on to other libraries.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, test } from 'vitest';
import { buildExamples } from '../helpers/programs.js';
import { checkMetrics } from '../helpers/prometheus.js';
import { useNamespace } from '../helpers/use-namespace.js';

const fixture = useNamespace();
let examples: string;
const SERVICE = { protocol: 'tcp', address: '10.96.0.1', port: 80 } as const;

beforeAll(async () => {
  examples = buildExamples();
  await fixture.ipvs.addService(SERVICE);
  await fixture.ipvs.addDestination(SERVICE, { address: '10.0.0.2', weight: 7 });
});

test('with-prom-client serves the metrics beside those of the process', async () => {
  const { name } = fixture.namespace;
  const program = join(examples, 'with-prom-client.js');
  const child = spawn('ip', ['netns', 'exec', name, process.execPath, program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  try {
    const [url] = await once(createInterface({ input: child.stdout }), 'line');
    const text = fixture.namespace.run('curl', ['--silent', '--fail', String(url)]);
    expect(text).toContain(
      'ipvs_destination_weight{service="tcp://10.96.0.1:80",destination="10.0.0.2:80"} 7\n',
    );
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    const own = text.split('\n').filter((line) => /^(# \w+ )?ipvs_/.test(line));
    expect(checkMetrics(`${own.join('\n')}\n`)).toBe('');
  } finally {
    child.kill();
  }
  expect(await exit).toEqual([0, null]);
});

test('with-opentelemetry exports the metrics', () => {
  const program = join(examples, 'with-opentelemetry.js');
  const printed = fixture.namespace.run(process.execPath, [program]);
  expect(printed).toContain("name: 'ipvs_service_weight'");
  expect(printed).toMatch(/attributes: \{ service: 'tcp:\/\/10\.96\.0\.1:80' \},[^}]*value: 7/);
});
