import { expect, test } from 'vitest';
import { useNamespace } from './namespace.js';

const lab = useNamespace();

test('a service is added and read back', async () => {
  await lab.ipvs.addService({ protocol: 'tcp', address: '10.96.0.1', port: 80, scheduler: 'rr' });
  expect(await lab.ipvs.getService('tcp://10.96.0.1:80')).toMatchObject({ scheduler: 'rr' });
  expect(lab.namespace.saved()).toEqual(['-A -t 10.96.0.1:80 -s rr']);
});
