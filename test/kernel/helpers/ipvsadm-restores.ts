/**
 * Texts for `ipvsadm -R`, valid and invalid, for a comparison of programs.
 * @module
 */
export const RESTORES: readonly string[] = [
  'ipvsadm -A -t 10.0.0.1:80 -s rr\n\n   -a -t 10.0.0.1:80    -r 10.1.0.1:80 -m  \n-A ipvsadm -t 10.0.0.2:80\n',
  '-A -t 10.0.0.3:80\n-A -t 10.0.0.4:80',
  '-A -t 10.0.0.3:80 -z\n-A -t 10.0.0.4:80\n',
  '-A -t 10.0.0.3:80\n-A -t 10.0.0.3:80\n-A -t 10.0.0.4:80\n',
  '-A -t 10.0.0.3:80\n-A -t 10.0.0.3:80\n',
  '-A -t 10.0.0.3:80 -p 0\n-A -t 10.0.0.4:80\n',
  '# x\n-A -t 10.0.0.4:80\n',
  '-A -t 10.0.0.4:80 # x\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.4:80\n-Ln\n-S -n\n-R\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.4:80\n-h\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.4:80\n-v\n-A -t 10.0.0.5:80\n',
  '-A -t "10.0.0.4:80"\n',
  '-A\t-t\t10.0.0.4:80\n',
  '-A -t 10.0.0.4:80 -s\n-A -t 10.0.0.5:80\n',
  '--set 1 2 3\n-L --timeout\n-Ln -t 10.0.0.9:80\n-A -t 10.0.0.5:80\n',
  'bogus\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.5:80\nipvsadm\n',
  '-A -t 10.0.0.4:80 -L\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.4:80 --start-daemon\n--start-daemon\n-A -t 10.0.0.5:80\n',
  '-Z -t 10.0.0.4:80\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.4:80 -s nosuch\n-a -t 10.0.0.4:80 -r 1.1.1.1\n-e -t 10.0.0.4:80 -r 1.1.1.1\n-D -t 10.0.0.5:80\n-A -t 10.0.0.6:80\n-a -t 10.0.0.6:80 -r 10.1.0.1:80\n-a -t 10.0.0.6:80 -r 10.1.0.1:80\n-C\n',
  '\n\n',
  '-A -t 10.0.0.4:80\0-A -s rr\n-A -t 10.0.0.5:80\n',
  '\0\n-A -t 10.0.0.5:80\n',
  '-A -t 10.0.0.5:80\n   \n',
  '-A -t 10.0.0.5:80\n--set 1\n',
  '-A -t 10.0.0.4:80\n-L -t 10.0.0.7:80\n',
  `-A -t 10.0.0.4:80${' '.repeat(3000)}-s rr\n-A -t 10.0.0.5:80 ${'x '.repeat(200)}`,
  '-A -t 10.0.0.4:80 -s (null)\n-A -f 1\n',
  '-A -t 10.0.0.4:80\n-A -t nosuch.example:80\n-A -t 10.0.0.5:80\n',
  '-A -t localhost:81\n-a -t localhost:81 -r localhost -m\n-L -t localhost:81\n',
  '-A -t 10.0.0.4:80\n-L --timeout\n-L --daemon\n-Lcn\n-Z\n-A -t 10.0.0.4:80\n',
  // More lines than are sent together, each hundredth twice.
  Array.from({ length: 2500 }, (_, index) => {
    const line = `-A -f ${index + 1} -s rr\n`;
    return index % 100 === 0 ? line + line : line;
  }).join(''),
];
