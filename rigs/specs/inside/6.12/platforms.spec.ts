import { declarePlatform } from '../../../platforms/declare.ts';
import { onlyInside } from '../only-inside.ts';

onlyInside();

declarePlatform('6.12');
