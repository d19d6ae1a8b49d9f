import { requests } from '../../kit/isotp.mjs';
import { turns } from '../../kit/turns.mjs';

await requests('own', turns);
