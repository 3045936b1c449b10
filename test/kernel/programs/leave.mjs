// Opens a handle in its own network namespace, starts to add a service, and does not close the handle.
import { Ipvs } from 'ipvs';

const ipvs = await Ipvs.open();
ipvs.addService({ fwmark: 1 }).then(() => console.log('added'));
